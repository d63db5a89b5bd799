"""Patterns that people send: what matches, what is refused by name, and that none holds a process up."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.patterns import (
    PATTERN_CHARACTERS_MAX,
    PROGRAM_SIZE_MAX,
    PatternRefused,
    compile_glob,
    compile_pattern,
)
from tests.doses import dose


def refusal_of(text: str) -> str:
    """The sentence with which a pattern is refused."""
    with pytest.raises(PatternRefused) as raised:
        compile_pattern(text)
    return str(raised.value)


def test_a_pattern_is_searched_for_in_a_name() -> None:
    pattern = compile_pattern(r"\.(root|txt)$")

    assert pattern.search("user.jdoe.000001.root")
    assert not pattern.search("user.jdoe.root.1")
    assert compile_pattern("user").match("user.jdoe")
    assert not compile_pattern("jdoe").match("user.jdoe")
    assert compile_pattern("user.*").fullmatch("user.jdoe")
    assert not compile_pattern("user").fullmatch("user.jdoe")


def test_a_dot_matches_a_line_break_only_when_asked() -> None:
    assert not compile_pattern("a.b").search("a\nb")
    assert compile_pattern("a.b", dot_all=True).search("a\nb")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("(?=a)b", "a lookahead"),
        ("x(?!a)", "a negative lookahead"),
        ("(?<=a)b", "a lookbehind"),
        ("(?<!a)b", "a negative lookbehind"),
        (r"(a)\1", r"the backreference \1"),
        (r"(?P<x>a)(?P=x)", "a backreference"),
        ("(?>a)b", "an atomic group"),
        ("(a)?(?(1)b|c)", "a conditional group"),
        ("a++b", "a possessive repetition"),
        (r"a\Z", r"\Z (write \z for the end of the text)"),
    ],
)
def test_what_cannot_be_matched_in_linear_time_is_refused_by_name(text: str, named: str) -> None:
    assert refusal_of(text).startswith(f"pattern {text!r} has {named}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("(", "pattern '(' is not a regular expression (syntax: RE2): missing ): ("),
        ("*a", "pattern '*a' is not a regular expression (syntax: RE2): no argument for repetition operator: *"),
        ("a{1001}", "pattern 'a{1001}' is not a regular expression (syntax: RE2): invalid repetition size: {1001}"),
        (r"(?:\pL{1,50}){1,3}", r"pattern '(?:\\pL{1,50}){1,3}' is too large when compiled, expected at most 500 instructions"),
        ("a{900}", "pattern 'a{900}' compiles to 904 instructions, expected at most 500"),
        ("a\ud800", "pattern 'a\\ud800' is not Unicode text: character 1 is half a pair"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    assert refusal_of(text) == sentence


def test_a_long_pattern_is_refused_and_shown_shortened() -> None:
    sentence = refusal_of("a" * (PATTERN_CHARACTERS_MAX + 1))

    assert sentence == f"pattern '{'a' * 80}...' has 1001 characters, expected at most 1000"


def test_a_set_or_an_escaped_bracket_is_not_taken_for_a_lookahead() -> None:
    assert compile_pattern(r"[(?=]x").search("=x")
    assert compile_pattern(r"\(?=").search("=")


@given(st.text(st.characters(codec=None), max_size=30), st.text(st.characters(codec=None), max_size=30))
@settings(max_examples=dose(300, fast=30))
def test_any_text_is_matched_or_refused_and_raises_nothing_else(pattern: str, text: str) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternRefused:
        return
    assert compiled.program_size <= PROGRAM_SIZE_MAX
    compiled.search(text)
    compiled.match(text)
    compiled.fullmatch(text)


def test_a_pattern_that_backtracks_elsewhere_is_matched_at_once() -> None:
    assert not compile_pattern("(a+)+$").search("a" * 100_000 + "b")


@given(st.text("ab*?[]!-\\^.", max_size=12), st.text("ab[]!-\\^.", max_size=8))
@settings(max_examples=dose(500, fast=30))
def test_a_glob_matches_what_the_shell_would(glob: str, text: str) -> None:
    try:
        pattern = compile_glob(glob)
    except PatternRefused:
        return
    if "[" not in glob:
        assert pattern.fullmatch(text) == fnmatchcase(text, glob)


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        ("CERN*", "CERN-PROD", "XCERN"),
        ("SITE_?", "SITE_A", "SITE_AB"),
        ("[A-C]x", "Bx", "Dx"),
        ("[!A-C]x", "Dx", "Bx"),
        ("a[b", "a[b", "ab"),
        ("a.b", "a.b", "axb"),
        ("*" * 50 + "b", "aaab", "aaaa"),
    ],
)
def test_globs(glob: str, matching: str, other: str) -> None:
    assert compile_glob(glob).fullmatch(matching)
    assert not compile_glob(glob).fullmatch(other)
