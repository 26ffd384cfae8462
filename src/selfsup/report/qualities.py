"""Which evaluations have a table of their own numbers, and what its columns and baselines are called."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """One evaluation's table. ``columns`` maps a metric to heading, small print and decimals, ``baselines`` a metric's
    suffix to the name of what the method is compared with."""

    evaluation: str
    title: str
    columns: dict[str, tuple[str, str, int]]
    baselines: dict[str, str]
    note: str


QUALITIES = (
    Quality(
        "inpainting",
        "Inpainting quality",
        {
            "l1": ("mean L1", "%, lower is better", 2),
            "l2": ("mean L2", "%, lower is better", 2),
            "psnr": ("PSNR", "dB, higher is better", 2),
            "sharpness": ("sharpness", "gradient energy, ratio to the original", 2),
        },
        {
            "_nearest_learned": "nearest neighbour, learned features",
            "_nearest_hog": "nearest neighbour, HOG",
            "_nearest_untrained": "nearest neighbour, untrained network",
            "_nearest_histogram": "nearest neighbour, colour histogram",
            "_mean_fill": "mean colour",
        },
        "A nearest neighbour fills the hole with the training image whose visible part is most alike.",
    ),
    Quality(
        "colorization",
        "Colour quality",
        {
            "auc": ("AuC", "%, higher is better", 1),
            "auc_rebalanced": ("AuC, rebalanced", "%, higher is better", 1),
            "colourfulness": ("colourfulness", "the nearer to the original the better", 2),
        },
        {"_grey": "no colour", "_mean_colour": "mean colour", "_original": "the original"},
        "AuC: the area under the share of pixels within an ab distance of 0 to 150; rebalanced: rare colours weigh more.",
    ),
)
