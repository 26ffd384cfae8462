"""Measures by a short name: the metric, ``@`` its threshold, then subset, layer and baseline behind a ``/`` each."""


def named(measures):
    """Return {name: measure}, e.g. ``error/two_objects/colours`` and ``pck@0.1``; a name that stands twice is an error."""
    found = {}
    for m in measures:
        words = [m.metric + (f"@{m.at:g}" if m.at is not None else ""), m.subset, m.layer, m.baseline]
        name = "/".join(word for word in words if word)
        assert name not in found, name
        found[name] = m
    return found
