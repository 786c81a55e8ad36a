"""What runs inside Redis: each script is one atomic step for all nodes.

``rec`` is the value of a record: epoch (8 bytes), generation (8), change (20 digits), the rest. A
marker is the generation and a change. A command that Redis refuses for want of memory is met by
``pcall``, and the old record is then removed, which takes none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["ALL", "BEAT", "BUMP", "CLEAR", "COUNT", "PUT", "REMOVE", "VALUE", "Script"]


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the name by which Redis knows it once it was loaded."""

    text: str
    sha: str


def _script(text: str) -> Script:
    digest = hashlib.sha1(text.encode(), usedforsecurity=False)
    return Script(text, digest.hexdigest())


_TOKENS = """
local function is_refused(done) return type(done) == 'table' and done.err end
local function token(key, fresh)
  local found = redis.call('GET', key)
  if found then return found end
  if is_refused(redis.pcall('SET', key, fresh)) then return nil end
  return fresh
end
local function seen_of(rec, mark, gen)
  local seen = ''
  if string.sub(rec, 9, 16) == gen then seen = string.sub(rec, 17, 36) end
  if mark and string.sub(mark, 1, 8) == gen and string.sub(mark, 9) > seen then
    seen = string.sub(mark, 9)
  end
  return seen
end
"""

PUT = _script(
    _TOKENS
    + """
-- KEYS: epoch, generation, then record and marker of each
-- ARGV: a new epoch, a new generation, ms of a record, ms of a marker, the tokens that must be the
--   current ones (of a read) or nothing, the epoch that must be (of a write) or nothing, channel,
--   news or nothing, then change and content of each
-- Answers the token of the epoch, then which of them are kept.
local was_epoch, was_gen = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local known = was_epoch and string.sub(was_epoch, 41) or ''
if ARGV[5] ~= '' and known .. (was_gen or '') ~= ARGV[5] then return {known} end
local epoch, gen = token(KEYS[1], ARGV[1]), token(KEYS[2], ARGV[2])
local may_keep = epoch and gen and (ARGV[6] == '' or ARGV[6] == known)
local answer, is_news = {epoch and string.sub(epoch, 41) or ''}, not (epoch and gen)
for i = 3, #KEYS, 2 do
  local change, content = ARGV[i + 6], ARGV[i + 7]
  local rec, mark = redis.call('GETRANGE', KEYS[i], 0, 35), redis.call('GET', KEYS[i + 1])
  local seen = gen and seen_of(rec, mark, gen) or ''
  if change >= seen then
    local whole = may_keep and (answer[1] .. gen .. change .. content)
    if not whole or is_refused(redis.pcall('SET', KEYS[i], whole, 'PX', ARGV[3])) then
      redis.call('DEL', KEYS[i])
    else
      answer[#answer + 1] = (i - 1) / 2
    end
    if gen then redis.pcall('SET', KEYS[i + 1], gen .. change, 'PX', ARGV[4]) end
    if change > seen or tonumber(change) == 0 then is_news = true end
  end
end
if is_news and ARGV[8] ~= '' then redis.call('PUBLISH', ARGV[7], ARGV[8]) end
return answer
"""
)

REMOVE = _script(
    _TOKENS
    + """
-- KEYS: generation, then record and marker of each
-- ARGV: a new generation, ms of a marker, channel, news, then the change of each or nothing
local gen = token(KEYS[1], ARGV[1])
for i = 2, #KEYS, 2 do
  local change = ARGV[i / 2 + 4]
  local rec = redis.call('GETRANGE', KEYS[i], 0, 35)
  local held = string.sub(rec, 17, 36)
  if not gen then
    redis.call('DEL', KEYS[i])
  elseif change == '' or string.sub(rec, 9, 16) ~= gen or held <= change then
    local seen = seen_of(rec, redis.call('GET', KEYS[i + 1]), gen)
    if change > seen then seen = change end
    redis.call('DEL', KEYS[i])
    if seen ~= '' and tonumber(seen) > 0 then
      redis.pcall('SET', KEYS[i + 1], gen .. seen, 'PX', ARGV[2])
    end
  end
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
"""
)

VALUE = _script(
    _TOKENS
    + """
-- KEYS: epoch, generation, value. ARGV: a new epoch, a new generation, ms, content
local epoch, gen = token(KEYS[1], ARGV[1]), token(KEYS[2], ARGV[2])
local whole = epoch and gen and (string.sub(epoch, 41) .. gen .. ARGV[4])
if not whole or is_refused(redis.pcall('SET', KEYS[3], whole, 'PX', ARGV[3])) then
  redis.call('DEL', KEYS[3])
end
return 1
"""
)

COUNT = _script(
    _TOKENS
    + """
-- KEYS: generation, counter. ARGV: a new generation, by, ms
local gen = token(KEYS[1], ARGV[1])
if not gen then return false end
local found, count, done = redis.call('GET', KEYS[2]), tonumber(ARGV[2]), nil
if found and string.sub(found, 1, 8) == gen then
  count = count + tonumber(string.sub(found, 9))
  done = redis.pcall('SET', KEYS[2], gen .. string.format('%.0f', count), 'KEEPTTL')
else
  done = redis.pcall('SET', KEYS[2], gen .. string.format('%.0f', count), 'PX', ARGV[3])
end
if is_refused(done) then return false end
return count
"""
)

CLEAR = _script(
    """
-- KEYS: generation. ARGV: channel, news
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
"""
)

BUMP = _script(
    """
-- KEYS: epoch. ARGV: a new epoch, channel, news, whether that of the same run of the server stays
-- Answers the token of the epoch.
local found = redis.call('GET', KEYS[1])
if ARGV[4] == '1' and found and string.sub(found, 1, 40) == string.sub(ARGV[1], 1, 40) then
  return string.sub(found, 41)
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return string.sub(ARGV[1], 41)
"""
)

BEAT = _script(
    """
-- KEYS: nodes, epoch. ARGV: this node, ms until it counts as lost, a new epoch, channel, news
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local lost = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1)
if lost > 0 or redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('SET', KEYS[2], ARGV[3])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return lost
"""
)

ALL = (PUT, REMOVE, VALUE, COUNT, CLEAR, BUMP, BEAT)
