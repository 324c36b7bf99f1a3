from pathlib import Path

import pytest

from core.settings import Settings, SettingsError, load


def test_later_sources_win(tmp_path: Path):
    profile, system, secret = (tmp_path / name for name in ("p.toml", "s.toml", "secret"))
    profile.write_text('port = 1\nhost = "a"\nlog_level = "DEBUG"\n')
    system.write_text('port = 2\nhost = "b"\n')
    secret.write_text("sqlite:///x\n")
    environment = {"PRINTGATE_PORT": "3", "PRINTGATE_DATABASE_URL_FILE": str(secret), "HOME": "x"}
    found = load(profile, system, environment)
    assert (found.port, found.host, found.log_level) == (3, "b", "DEBUG")
    assert found.opened_database_url == "sqlite:///x"
    assert found.pages_url == "http://b:3"


def test_all_wrong_values_are_named_at_once(tmp_path: Path):
    broken = tmp_path / "broken.toml"
    broken.write_text("port = = 1")
    with pytest.raises(SettingsError) as caught:
        load(
            broken,
            None,
            {
                "PRINTGATE_PORT": "many",
                "PRINTGATE_COLOUR": "red",
                "PRINTGATE_UNKNOWN_PERSON": "maybe",
                "PRINTGATE_HTTP_THREADS": "0",
                "PRINTGATE_DOCUMENT_OCTETS_MAX": "1073741825",
                "PRINTGATE_MAIL_URL_FILE": str(tmp_path / "none"),
            },
        )
    told = str(caught.value)
    for word in (
        "broken.toml",
        "port",
        "colour",
        "unknown_person",
        "http_threads",
        "document_octets_max: 1073741825 is more than 1073741824",
        "MAIL_URL",
    ):
        assert word in told
    assert len(caught.value.problems) == 7


def test_defaults_need_nothing():
    assert load(None, None, {}) == Settings()
    assert Settings().opened_blobs_url.startswith("file:/")
