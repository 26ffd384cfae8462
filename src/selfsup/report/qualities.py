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
    Quality(
        "zero_shot",
        "Zero-shot classification",
        {
            "top1_seen_combination": ("seen combinations", "%", 1),
            "top1_held_out_combination": ("held-out combinations", "%", 1),
            "top1_held_out_class": ("held-out classes", "%, among themselves", 1),
            "top1_held_out_class_among_all": ("held-out classes", "%, among all", 1),
        },
        {
            "_one_phrase": "first phrase alone",
            "_name_alone": "name alone",
            "_thrice_chance": "three times chance",
            "_chance": "chance",
        },
        "Combinations of object, material and background that training never showed; classes that it neither showed nor named.",
    ),
    Quality(
        "retrieval",
        "Retrieval of captions and images",
        {
            "image_to_text_1": ("image to text", "R@1, %", 1),
            "image_to_text_5": ("image to text", "R@5, %", 1),
            "image_to_text_10": ("image to text", "R@10, %", 1),
            "text_to_image_1": ("text to image", "R@1, %", 1),
            "text_to_image_5": ("text to image", "R@5, %", 1),
            "text_to_image_10": ("text to image", "R@10, %", 1),
        },
        {"_chance": "chance"},
        "A caption is right for every image that has an equal one; equal captions are one candidate.",
    ),
)
