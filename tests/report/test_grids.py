"""Grids of one number for each variant and layer: what has another encoder has no such layer, and nothing is missing."""

from selfsup.report.grids import layers_table


def test_a_layer_of_another_encoder_is_none_of_ours(built):
    group, rows = built.content.groups[0], built.rows().copy()
    of_one = (rows["variant"] == "simclr") & (rows["metric"] == "top1_by_layer") & (rows["layer"] == "conv1")
    assert of_one.any()
    rows.loc[of_one, "layer"] = "stem"
    table = layers_table(group, rows)
    cells = {row[0].text: dict(zip([c.key for c in table.columns], row, strict=True)) for row in table.rows}
    assert cells["simclr"]["conv1"].text == cells["rotation"]["stem"].text == "no such layer"
    assert cells["simclr"]["conv1"].absent
    assert cells["simclr"]["stem"].value is not None


def test_a_run_without_the_probe_says_so(built):
    group, rows = built.content.groups[0], built.rows()
    table = layers_table(group, rows[rows["variant"] != "simclr"])
    (row,) = [row for row in table.rows if row[0].text == "simclr"]
    assert {cell.text for cell in row[1:]} == {"missing"}
