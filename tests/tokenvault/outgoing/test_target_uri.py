"""Target URIs: equal ones are written alike, different ones stay apart, and what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvault.outgoing.target_uri import normalized


@pytest.mark.parametrize(
    ("written", "one_way"),
    [
        # RFC 3986, 6.2.2 and 6.2.3: case, percent-encoding, dot segments, scheme's port, empty path.
        ("HTTP://www.EXAMPLE.com/", "http://www.example.com/"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:", "http://example.com/"),
        ("http://example.com:80/", "http://example.com/"),
        ("http://example.com:080/", "http://example.com/"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:80", "https://example.com:80/"),
        ("http://example.com/%7esmith/a%c2%b1b", "http://example.com/~smith/a%C2%B1b"),
        ("http://%65xample.com/", "http://example.com/"),
        ("http://a/b/c/./../../g", "http://a/g"),
        ("http://a/b/%2E%2e/g", "http://a/g"),
        ("http://a/../../g", "http://a/g"),
        ("http://a/b/..", "http://a/"),
        ("http://a/b/.", "http://a/b/"),
        ("http://a/b//../c", "http://a/b/c"),
        ("http://a/b?x=/../#y", "http://a/b"),
        ("http://a?x", "http://a/"),
        ("http://[2001:DB8:0:0:0:0:0:1]:8420/v1", "http://[2001:db8::1]:8420/v1"),
        ("http://[::ffff:1.2.3.4]/", "http://[::ffff:1.2.3.4]/"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
    ],
)
def test_equal_uris_are_written_alike(written, one_way):
    """Each form that RFC 3986 calls equivalent has one way to be written; writing it so again changes nothing."""
    assert normalized(written) == normalized(one_way)
    assert normalized(normalized(written)) == normalized(written)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.com/", "https://example.com/"),
        ("http://example.com/", "http://example.com./"),
        ("http://example.com/", "http://example.com:8080/"),
        ("http://example.com/a", "http://example.com/A"),
        ("http://example.com/a", "http://example.com/a/"),
        ("http://example.com/a/b", "http://example.com/a%2Fb"),
        ("http://example.com/a/b", "http://example.com/a//b"),
        ("http://example.com/a;b", "http://example.com/a%3Bb"),
        ("http://127.0.0.1/", "http://localhost/"),
    ],
)
def test_other_uris_stay_apart(one, other):
    """What may be another resource, or another server, is one: a reserved character that is encoded is another."""
    assert normalized(one) != normalized(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/v1/devices",
        "//example.com/",
        "ftp://example.com/",
        "http:///v1",
        "http://:80/",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://user%40example.com/",
        "http://example.com:65536/",
        "http://example.com:8x/",
        "http://example.com:" + "9" * 5000 + "/",
        "http://bücher.example/",
        "http://example.com/\u00e9",
        "http://example.com/a b",
        "http://example.com\\@evil.example/",
        "http://example.com/\n",
        " http://example.com/",
        "http://exa\tmple.com/",
        "http://example.com/%",
        "http://example.com/%4",
        "http://example.com/%zz",
        "http://exa%20mple.com/",
        "http://[::1/",
        "http://[:::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.x]/",
        "http://example.com/[a]",
    ],
)
def test_what_is_no_uri_is_refused(text):
    """Nothing is repaired: it might be repaired to something else than its sender meant."""
    with pytest.raises(ValueError, match=r"^(is|has) "):
        normalized(text)


@given(st.text() | st.from_regex(r"https?://[a-zA-Z%0-9.\[\]:@]*[/.%a-zA-Z0-9?#]*", fullmatch=True))
def test_any_text_is_written_once_or_refused(text):
    """Normalization is idempotent, and nothing but ValueError comes out of it."""
    try:
        once = normalized(text)
    except ValueError:
        return
    assert normalized(once) == once
