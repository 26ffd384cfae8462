"""Code and files that no digest includes are refused where a result would be made with them; all else of a library is not."""

import functools
from pkgutil import resolve_name

import pytest

from selfsup.errors import InputError
from selfsup.pipeline import jobs
from selfsup.progress import Progress
from selfsup.store.reach import reach, sources
from selfsup.store.replaced import replaced
from tests.test_extensions import again, site, the_chain  # noqa: F401  (a fixture)

pytestmark = pytest.mark.counts(
    "code and files that no digest includes", "refused where a result would be made with them"
)

PLANTED = {
    "importlib": ("", "importlib.import_module('toy.other').scale(x)", "import importlib"),
    "import_module": ("", "import_module('toy.other').scale(x)", "from importlib import import_module"),
    "__import__": ("", "__import__('toy.other').other.scale(x)", ""),
    "exec": ("", "exec('x = 2 * x')", ""),
    "eval": ("", "eval('2 * x')", ""),
    "runpy": ("", "runpy.run_module('toy.other')", "import runpy"),
    "pkgutil": ("", "pkgutil.get_data('toy', 'scale.txt')", "import pkgutil"),
    "a file beside the module": ("", "open(__file__.replace('still.py', 'scale.txt')).read()", ""),
    "importlib.resources": ("", "resources.files('toy').joinpath('scale.txt')", "from importlib import resources"),
    "a module beside the package": ("def scale(x): return 2 * x\n", "beside_toy.scale(x)", "import beside_toy"),
}
REFUSED = {
    "a module beside the package": r"uses beside_toy, which is .*beside_toy\.py, of no installed package",
    "a file beside the module": "uses __file__, to read a file that no digest includes",
}

DECORATED = """
import contextlib, functools
from math import sqrt
try:
    from tomllib import loads as read
except ImportError:
    def read(text): return text
if sqrt(4) > 3:
    def chosen(): return 1
else:
    def chosen(): return 2
@functools.cache
def cached(x): return x
@contextlib.contextmanager
def managed(): yield
class Thing:
    @property
    def size(self): return 3
    @functools.cached_property
    def area(self): return 9
    @classmethod
    def make(cls): return cls()
    @staticmethod
    def free(): return [x for x in range(3)]
"""


def toy_function(site, expression, statement=""):  # noqa: F811
    (site / "toy" / "own.py").write_text(f"{statement}\n\n\ndef loss(x):\n    return {expression}\n")
    again()
    return reach(("toy.own.loss",), frozenset())


@pytest.mark.parametrize("planted", PLANTED)
def test_what_cannot_be_followed_is_refused(site, planted):  # noqa: F811
    beside, expression, statement = PLANTED[planted]
    (site / "beside_toy.py").write_text(beside)
    reason = REFUSED.get(planted, "by which it runs code that no digest includes; import that code by a statement")
    with pytest.raises(InputError, match=rf"toy/own\.py: loss uses .*{reason}|toy/own\.py: loss {reason}"):
        toy_function(site, expression, statement)


@pytest.mark.parametrize(
    ("expression", "statement"),
    [
        ("torch.relu(x).eval().exec", "import torch"),
        ("np.sqrt(x)", "import numpy as np"),
        ("math.sqrt(x)", "import math"),
        ("[eval(x) for eval in (abs,)]", ""),
        ("numbers.other(x)", "from toy import conv as numbers"),
    ],
)
def test_libraries_methods_and_own_names_are_not(site, expression, statement):  # noqa: F811
    assert "toy.own.loss" in toy_function(site, expression, statement).hashes


def test_unreached_code_may_find_modules_as_it_likes(site):  # noqa: F811
    (site / "toy" / "own.py").write_text(
        "import importlib\n\n\ndef cli(x):\n    importlib.reload(x)\n\n\ndef loss(x):\n    return x\n"
    )
    again()
    assert reach(("toy.own.loss",), frozenset()).hashes.keys() == {"toy.own.loss"}


def test_code_that_is_edited_while_a_job_runs_makes_nothing(site, monkeypatch):  # noqa: F811
    chain = the_chain()
    jobs.run(chain.prepared, Progress("toy"))
    still = site / "toy" / "still.py"
    assert still in sources(chain.weights.code)
    train = jobs.MAKERS["weights"]

    def edited_meanwhile(artefact, scratch, progress):
        train(artefact, scratch, progress)
        still.write_text(still.read_text() + "\nAFTER = 1\n")

    monkeypatch.setitem(jobs.MAKERS, "weights", edited_meanwhile)
    with pytest.raises(InputError, match=rf"{still} changed while {chain.weights.folder} was made, so it is not kept"):
        jobs.run(chain.weights, Progress("toy"))
    assert not chain.weights.exists()
    monkeypatch.setitem(jobs.MAKERS, "weights", train)
    jobs.run(chain.weights, Progress("toy"))
    assert chain.weights.exists()


def other(*args, **kwargs):
    """What sitecustomize, or an installed package, puts in the place of a function."""


@pytest.mark.parametrize("place", ["still.Random.loss", "still.pair_images", "still._panel", "conv.build"])
@pytest.mark.parametrize("kind", [lambda function: other, lambda function: functools.partial(function)])
def test_functions_that_another_package_replaced_make_nothing(site, monkeypatch, place, kind):  # noqa: F811
    chain = the_chain()
    jobs.run(chain.prepared, Progress("toy"))
    train = jobs.MAKERS["weights"]

    def replaced_before(artefact, scratch, progress):
        train(artefact, scratch, progress)
        monkeypatch.setattr(f"toy.{place}", kind(resolve_name(f"toy.{place}")))

    monkeypatch.setitem(jobs.MAKERS, "weights", replaced_before)
    with pytest.raises(
        InputError, match=rf"toy\.{place}: not the code of its file ran, .*{chain.weights.folder} is not kept"
    ):
        jobs.run(chain.weights, Progress("toy"))
    assert not chain.weights.exists()


def test_decorated_methods_properties_and_conditional_definitions_are_those_of_their_file(tmp_path, monkeypatch):
    file = tmp_path / "decorated.py"
    file.write_text(DECORATED)
    monkeypatch.syspath_prepend(tmp_path)
    import decorated

    assert replaced({file}) == []
    for name in ("cached", "Thing.size", "Thing.area", "Thing.make", "Thing.free", "managed", "sqrt"):
        with monkeypatch.context() as patch:
            patch.setattr(f"decorated.{name}", property(other) if name == "Thing.size" else other)
            assert replaced({file}) == [f"decorated.{name}"]
    assert decorated.Thing().size == 3
