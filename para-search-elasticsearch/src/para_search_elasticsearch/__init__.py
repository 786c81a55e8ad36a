"""``ElasticSearch``: search in a cluster of OpenSearch or Elasticsearch."""

from __future__ import annotations
