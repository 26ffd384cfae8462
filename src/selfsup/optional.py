"""Optional libraries, and the extra that installs each."""

EXTRAS = {
    "cv2": "video",
    "jinja2": "report",
    "matplotlib": "report",
    "pandas": "report",
    "pycocotools": "evaluations",
    "scipy": "evaluations",
    "seaborn": "report",
    "sklearn": "evaluations",
    "snakemake": "pipeline",
    "soundfile": "sound",
    "soxr": "sound",
    "tensorboard": "curves",
    "tokenizers": "text",
    "torchvision": "vision",
    "typst": "report",
}


def missing(error: ModuleNotFoundError) -> str | None:
    """Return a message that names the extra to install; None if no extra has the library."""
    library = (error.name or "").partition(".")[0]
    if library not in EXTRAS:
        return None
    return f"{library} is not installed; `pip install 'selfsup[{EXTRAS[library]}]'` brings it"
