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
        "correspondence",
        "Dense correspondences",
        {
            "error": ("mean error", "% of the diagonal, lower is better", 1),
            "error_median": ("median error", "% of the diagonal", 1),
            "within_3": ("within 3 %", "% of matches", 1),
            "within_10": ("within 10 %", "% of matches", 1),
            "error_maps": ("mean error of its maps", "the layer before the descriptors", 1),
            "error_two_objects": ("mean error, two objects", "% of the diagonal", 1),
            "right_object": ("on the right object", "% of matches, two objects", 1),
        },
        {"_colours": "plain colours, 5 x 5 pixels", "_chance": "any pixel"},
        "Each query of the first image is matched to the pixel of the second with the nearest descriptor; the last two "
        "columns are of pairs that show two objects, the others of pairs of one.",
    ),
    Quality(
        "keypoint_transfer",
        "Keypoints found on another object of the class",
        {
            "error": ("mean error", "% of the diagonal, lower is better", 1),
            "error_median": ("median error", "% of the diagonal", 1),
            "within_5": ("within 5 %", "% of keypoints", 1),
            "within_10": ("within 10 %", "% of keypoints", 1),
            "error_maps": ("mean error of its maps", "the layer before the descriptors", 1),
        },
        {
            "_object_middle": "the object's middle, told where it is",
            "_colours": "plain colours, 5 x 5 pixels",
            "_chance": "any pixel",
        },
        "A part's centre on one object is looked for in a whole image of another of its class.",
    ),
    Quality(
        "label_propagation",
        "Label propagation",
        {
            "j_mean": ("J mean", "region similarity, %", 1),
            "j_recall": ("J recall", "% of frames above a half", 1),
            "f_mean": ("F mean", "contour accuracy, %", 1),
            "pck_0.1": ("PCK@0.1", "% of keypoints", 1),
            "pck_0.2": ("PCK@0.2", "% of keypoints", 1),
            "pck_0.3": ("PCK@0.3", "% of keypoints", 1),
            "pck_0.5": ("PCK@0.5", "% of keypoints", 1),
        },
        {"_optical_flow": "optical flow", "_grey_patches": "raw grey patches", "_identity": "identity"},
        "Labels of the first frame, carried through each clip; a keypoint is right within its share of the object's size.",
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
