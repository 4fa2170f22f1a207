from pathlib import Path

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from forum.outbox import letter
from forum.outbox.letter import slot

TEXTS = st.text(max_size=200)


def test_a_slot_is_found_again_and_a_bad_name_is_refused() -> None:
    assert letter.names(f"a {slot('to_name')} b {slot('sequence', 'plain')}") == {"to_name", "sequence"}
    with pytest.raises(ValueError, match="Not a slot"):
        slot("No Name")
    with pytest.raises(ValueError, match="Not a slot"):
        slot("name", "html")


def test_filling_takes_values_as_text_and_never_reads_slots_in_them() -> None:
    content = f"<b>{slot('one')}</b> {slot('two')}"
    values = {"one": f"<i>{slot('two')}", "two": "2"}
    assert letter.fill(content, values) == "<b><i>two</b> 2"
    assert letter.fill_html(content, values) == "<b>&lt;i&gt;two</b> 2"


def test_a_slot_without_a_value_is_loud() -> None:
    with pytest.raises(KeyError):
        letter.fill(slot("one"), {})


@given(TEXTS)
def test_clean_leaves_no_marks_and_no_controls(text: str) -> None:
    cleaned = letter.clean(text)
    assert not {letter.OPEN, letter.CLOSE} & set(cleaned)
    assert all(character >= " " or character in "\n\t" for character in cleaned)
    assert letter.clean(cleaned) == cleaned


@given(st.text(min_size=1, max_size=400), st.text(alphabet="ŵŷâ😀é,;:\\\"'^ a", max_size=300))
def test_calendar_slots_are_escaped_folded_and_read_back(summary: str, name: str) -> None:
    lines = [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        f'ATTENDEE;CN="{slot("name", "param")}":mailto:{slot("address", "plain")}',
        f"SUMMARY:{slot('summary', 'text')}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    values = {"name": name, "address": "jo@trust.example", "summary": summary}
    made = letter.fill_calendar("\n".join(lines), values)
    assert made.endswith(b"\r\n")
    assert b"\n" not in made.replace(b"\r\n", b"")
    for line in made.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    event = icalendar.Calendar.from_ical(made).walk("VEVENT")[0]
    # A tab is written as a space; all else comes back as it was.
    assert event["SUMMARY"] == letter.clean(summary).replace("\t", " ")
    assert event["ATTENDEE"] == "mailto:jo@trust.example"
    assert made.count(b"BEGIN:VEVENT") == 1


@pytest.mark.parametrize("value", ["a\nATTENDEE:mailto:x@y.example", "a\r\nX:1", "a\tb"])
def test_a_plain_calendar_slot_takes_no_second_line(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be filled"):
        letter.fill_calendar(f"URL:{slot('url', 'plain')}", {"url": value})


def test_rendering_a_triple(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "hello.subject.txt").write_text("Your meeting:\n {{ what }}\n\n")
    (tmp_path / "hello.txt").write_text("\n{{ what }} for {{ who }}\n\n")
    (tmp_path / "hello.html").write_text(
        "<html><head><style>p{color:red}@media (max-width:500px){p{color:blue}}</style></head>"
        '<body><p><a href="{{ link }}">{{ what }}</a></p></body></html>'
    )
    engines = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.TEMPLATES = engines
    context = {"what": "Tea & <talk>", "who": slot("to_name"), "link": slot("answer_url")}
    subject, text, html = letter.render("hello", context)
    assert subject == "Your meeting: Tea & <talk>"
    assert text == f"Tea & <talk> for {slot('to_name')}\n"
    assert '<p style="color: red;">' in html
    assert "@media (max-width:500px)" in html
    assert f'href="{slot("answer_url")}"' in html
    assert "Tea &amp; &lt;talk&gt;" in html
