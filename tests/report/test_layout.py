"""No text of the page lies over other text, and nothing sticks out of the window, from phones to wide screens."""

import html
import json
import re

import pytest

from tests.browser import dump_dom

pytestmark = pytest.mark.slow
WIDTHS_PX = (360, 390, 768, 1440, 1920)

# A frame for each width: a window of headless browsers is never as narrow as a phone. Text boxes are cut to what their scrolling
# parent shows; text of figures is left out, as the boxes of turned labels are larger than these.
PROBE = """
<!doctype html><body><script>
const widths = %s, page = %s, found = {};
function boxes(frame) {
  const doc = frame.contentDocument, list = [];
  const walker = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("svg, script, style, .skip") || !parent.checkVisibility()) continue;
    const around = parent.closest(".scroll, pre");
    const window_ = around ? around.getBoundingClientRect() : { left: -1e9, right: 1e9 };
    const range = doc.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const left = Math.max(box.left, window_.left) + 1, right = Math.min(box.right, window_.right) - 1;
      const top = box.top + 2, bottom = box.bottom - 2;  // line boxes of one text may touch
      if (right > left && bottom > top) list.push({ left, right, top, bottom, text: node.data.trim().slice(0, 60) });
    }
  }
  return list.sort((a, b) => a.top - b.top);
}
function overlaps(list) {
  const pairs = [];
  list.forEach((a, i) => {
    for (let j = i + 1; j < list.length && list[j].top < a.bottom; j++) {
      const b = list[j];
      if (a.left < b.right && b.left < a.right) pairs.push(a.text + " | " + b.text);
    }
  });
  return pairs;
}
let left = widths.length;
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  frame.onload = () => {
    const root = frame.contentDocument.documentElement, list = boxes(frame);
    found[width] = { boxes: list.length, overlaps: overlaps(list), width: root.scrollWidth };
    if (!--left) {
      const pre = document.createElement("pre");
      pre.id = "probe"; pre.textContent = JSON.stringify(found);
      document.body.replaceChildren(pre);
    }
  };
  frame.srcdoc = page;
  document.body.append(frame);
}
</script></body>
"""


def layout(page: str, folder) -> dict:
    """Return {width: boxes of text, their overlaps, and the width that the page needs}."""
    probe = folder / "probe.html"
    text = json.dumps(page).replace("</", "<\\/").replace("<!--", "<\\!--")
    probe.write_text(PROBE % (json.dumps(WIDTHS_PX), text))
    dom = dump_dom(probe, folder / "profile")
    return json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.S)[1]))


def test_no_text_lies_over_text_and_nothing_sticks_out(built, tmp_path):
    found = layout((built.folder / "index.html").read_text(), tmp_path)
    assert {int(width) for width in found} == set(WIDTHS_PX)
    for width, measured in found.items():
        assert measured["boxes"] > 500
        assert measured["overlaps"] == [], f"at {width} px"
        assert measured["width"] <= int(width), f"the page is wider than {width} px"


def test_an_overlap_is_found(tmp_path):
    page = '<!doctype html><p style="width: 200px; white-space: nowrap; margin: 0">long text over the next one, which is wide</p>'
    both = page + '<p style="position: absolute; left: 90px; top: 4px">other</p><p style="width: 2500px">wide</p>'
    found = layout(both, tmp_path)
    assert all(len(measured["overlaps"]) == 1 and measured["width"] > int(width) for width, measured in found.items())
