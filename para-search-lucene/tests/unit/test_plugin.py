"""The plugin and its settings."""

from __future__ import annotations

import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_search_lucene import plugin
from para_search_lucene.search import LuceneSearch
from para_search_lucene.settings import LuceneSettings


def test_it_offers_the_engine_under_the_name_in_configuration_files() -> None:
    offered = plugin.para_register_searches()
    assert list(offered) == ["LuceneSearch"]
    config = Config({"para.lucene.dir": "/srv/para"})
    assert isinstance(offered["LuceneSearch"](config), LuceneSearch)


def test_it_describes_its_settings() -> None:
    assert plugin.para_register_sections() == {"para.lucene": LuceneSettings}


def test_settings_out_of_range_are_refused() -> None:
    config = Config({"para.lucene.max_readers": "0"})
    with pytest.raises(ConfigError, match=r"para\.lucene\.max_readers"):
        plugin.open_lucene_search(config)
