"""The journal's tables, as numbered steps that are only ever added to."""

from __future__ import annotations

APPLICATION_ID = 0x636F636F
"""``coco`` in the file's header: tells a journal from any other SQLite database."""

_CONVERSATIONS = (
    "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    "INSERT INTO secrets VALUES ('tombstones', randomblob(32))",
    """CREATE TABLE conversations (
        id TEXT PRIMARY KEY, profile TEXT NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
        started_at TEXT NOT NULL, learnable INTEGER NOT NULL DEFAULT 1
    ) STRICT""",
    "CREATE INDEX conversations_by_profile ON conversations (profile)",
    # Outlives its conversation, under a keyed hash of its id: an ordinal is never used twice.
    "CREATE TABLE ordinals (conversation_key BLOB PRIMARY KEY, next_ordinal INTEGER NOT NULL) STRICT",
    """CREATE TABLE turns (
        id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL REFERENCES conversations (id),
        profile TEXT NOT NULL, ordinal INTEGER NOT NULL, said_at TEXT NOT NULL,
        version INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (conversation_id, ordinal)
    ) STRICT""",
    "CREATE INDEX turns_by_time ON turns (profile, said_at)",
    """CREATE TABLE versions (
        turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE, version INTEGER NOT NULL,
        user TEXT NOT NULL, reply TEXT NOT NULL, change TEXT NOT NULL, made_at TEXT NOT NULL,
        PRIMARY KEY (turn_id, version)
    ) STRICT""",
    """CREATE TABLE conversation_turns (
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, turn_id)
    ) STRICT""",
    "CREATE INDEX conversation_turns_by_turn ON conversation_turns (turn_id)",
    # No reference for the source: it may be an imported adapter, or be gone.
    """CREATE TABLE turn_sources (
        turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE, source_id TEXT NOT NULL,
        PRIMARY KEY (turn_id, source_id)
    ) STRICT""",
    "CREATE INDEX turn_sources_by_source ON turn_sources (source_id)",
)
_LEARNING = (
    """CREATE TABLE lessons (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL, base_fingerprint TEXT NOT NULL,
        turn_id TEXT NOT NULL, turn_version INTEGER NOT NULL, kind TEXT NOT NULL, question TEXT NOT NULL,
        answer TEXT NOT NULL, key TEXT NOT NULL, held_out INTEGER NOT NULL, made_at TEXT NOT NULL,
        UNIQUE (id, base_fingerprint),
        FOREIGN KEY (turn_id, turn_version) REFERENCES versions (turn_id, version) ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX lessons_by_turn ON lessons (turn_id, turn_version)",
    """CREATE TABLE adapters (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, profile TEXT NOT NULL,
        activation TEXT NOT NULL, state TEXT NOT NULL, weight REAL NOT NULL, base_name TEXT NOT NULL,
        base_fingerprint TEXT NOT NULL, recipe TEXT NOT NULL, sha256 TEXT NOT NULL, size_bytes INTEGER NOT NULL,
        made_at TEXT NOT NULL, scores TEXT, reason TEXT NOT NULL, origin TEXT NOT NULL, UNIQUE (profile, name)
    ) STRICT""",
    # No reference to turns: what an adapter holds is known after the turn is gone, and in a journal it came to.
    """CREATE TABLE adapter_turns (
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE, place INTEGER NOT NULL,
        turn_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (adapter_id, place)
    ) STRICT""",
    "CREATE INDEX adapter_turns_by_turn ON adapter_turns (turn_id, version)",
    """CREATE TABLE readings (
        turn_id TEXT NOT NULL, version INTEGER NOT NULL, base_fingerprint TEXT NOT NULL, outcome TEXT NOT NULL,
        adapter_id TEXT REFERENCES adapters (id) ON DELETE CASCADE, read_at TEXT NOT NULL,
        PRIMARY KEY (turn_id, version, base_fingerprint),
        FOREIGN KEY (turn_id, version) REFERENCES versions (turn_id, version) ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX readings_by_adapter ON readings (adapter_id)",
)
_WORK = (
    """CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, kind TEXT NOT NULL, payload TEXT NOT NULL,
        state TEXT NOT NULL, doing TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0,
        total INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL DEFAULT '',
        added_at TEXT NOT NULL, started_at TEXT, finished_at TEXT
    ) STRICT""",
)
_FORGETTING = (
    "CREATE TABLE tombstones (turn_id TEXT PRIMARY KEY, said_at TEXT NOT NULL, forgotten_at TEXT NOT NULL) STRICT",
    """CREATE TABLE tombstone_conversations (
        turn_id TEXT NOT NULL REFERENCES tombstones (turn_id) ON DELETE CASCADE, conversation_key BLOB NOT NULL,
        PRIMARY KEY (turn_id, conversation_key)
    ) STRICT""",
    """CREATE TABLE tombstone_texts (
        turn_id TEXT NOT NULL REFERENCES tombstones (turn_id) ON DELETE CASCADE, text_key BLOB NOT NULL,
        PRIMARY KEY (turn_id, text_key)
    ) STRICT""",
    "CREATE INDEX tombstone_texts_by_key ON tombstone_texts (text_key)",
)
_JOBS_AS_DATA = (
    # What they were to do was never written down.
    "UPDATE jobs SET state = 'failed', message = 'interrupted' WHERE state IN ('queued', 'running')",
    "ALTER TABLE jobs ADD COLUMN profile TEXT NOT NULL DEFAULT 'personal'",
    # Tries that count, and those that only found another process at work.
    "ALTER TABLE jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN waits INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN ready_at TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE jobs ADD COLUMN lease_until TEXT",
    "ALTER TABLE jobs ADD COLUMN is_stopped INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_by_state ON jobs (state)",
)
_ROLLUPS = (
    "ALTER TABLE adapters ADD COLUMN level INTEGER NOT NULL DEFAULT 0",
    # No reference for the source: it may have been discarded.
    """CREATE TABLE adapter_sources (
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE, place INTEGER NOT NULL,
        source_id TEXT NOT NULL, PRIMARY KEY (adapter_id, place)
    ) STRICT""",
    # Turns whose adapter lay beneath when this one was trained: its weights descend from them too.
    """CREATE TABLE adapter_beneath (
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE, place INTEGER NOT NULL,
        turn_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (adapter_id, place)
    ) STRICT""",
    "CREATE INDEX adapter_beneath_by_turn ON adapter_beneath (turn_id)",
    # Lessons of its turns that did not hold any longer when it was trained.
    """CREATE TABLE adapter_left_out (
        adapter_id TEXT NOT NULL REFERENCES adapters (id) ON DELETE CASCADE, lesson_id TEXT NOT NULL,
        PRIMARY KEY (adapter_id, lesson_id)
    ) STRICT""",
    # A later turn answers the question of an earlier turn's lesson in another way.
    """CREATE TABLE supersessions (
        lesson_id TEXT NOT NULL, base_fingerprint TEXT NOT NULL, turn_id TEXT NOT NULL, version INTEGER NOT NULL,
        PRIMARY KEY (lesson_id, base_fingerprint, turn_id),
        FOREIGN KEY (lesson_id, base_fingerprint) REFERENCES lessons (id, base_fingerprint) ON DELETE CASCADE,
        FOREIGN KEY (turn_id, version) REFERENCES versions (turn_id, version) ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX supersessions_by_turn ON supersessions (turn_id)",
)
_REBUILDS = (
    # An adapter that is to be made again from what is left of its turns, in their versions of then.
    """CREATE TABLE rebuilds (
        number INTEGER PRIMARY KEY AUTOINCREMENT, profile TEXT NOT NULL, base_fingerprint TEXT NOT NULL,
        kind TEXT NOT NULL, level INTEGER NOT NULL, name TEXT NOT NULL, activation TEXT NOT NULL,
        weight REAL NOT NULL, sources TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE rebuild_turns (
        rebuild INTEGER NOT NULL REFERENCES rebuilds (number) ON DELETE CASCADE, is_beneath INTEGER NOT NULL,
        place INTEGER NOT NULL, turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
        PRIMARY KEY (rebuild, is_beneath, place)
    ) STRICT""",
    "CREATE INDEX rebuild_turns_by_turn ON rebuild_turns (turn_id)",
    # adapter_id is empty for a verdict on the whole stack. Scores and reasons hold no conversation text.
    """CREATE TABLE verdicts (
        number INTEGER PRIMARY KEY AUTOINCREMENT, profile TEXT NOT NULL, adapter_id TEXT NOT NULL,
        occasion TEXT NOT NULL, passed INTEGER NOT NULL, reason TEXT NOT NULL, scores TEXT NOT NULL,
        made_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX verdicts_by_adapter ON verdicts (adapter_id)",
)

_ORDER = (
    "ALTER TABLE adapters ADD COLUMN place REAL",
    "ALTER TABLE rebuilds ADD COLUMN place REAL",
)
_REPLIES = (
    # The versions of turns whose replies were made here, each with what took part: ids and numbers, no text. What is
    # forgotten or deleted takes its id along.
    """CREATE TABLE replies (
        turn_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (turn_id, version),
        FOREIGN KEY (turn_id, version) REFERENCES versions (turn_id, version) ON DELETE CASCADE
    ) STRICT""",
    """CREATE TABLE reply_memories (
        turn_id TEXT NOT NULL, version INTEGER NOT NULL, place INTEGER NOT NULL,
        memory_id TEXT REFERENCES turns (id) ON DELETE SET NULL, PRIMARY KEY (turn_id, version, place),
        FOREIGN KEY (turn_id, version) REFERENCES replies (turn_id, version) ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX reply_memories_by_memory ON reply_memories (memory_id)",
    """CREATE TABLE reply_adapters (
        turn_id TEXT NOT NULL, version INTEGER NOT NULL, place INTEGER NOT NULL,
        adapter_id TEXT REFERENCES adapters (id) ON DELETE SET NULL,
        chosen_by TEXT REFERENCES turns (id) ON DELETE SET NULL, score REAL, PRIMARY KEY (turn_id, version, place),
        FOREIGN KEY (turn_id, version) REFERENCES replies (turn_id, version) ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX reply_adapters_by_adapter ON reply_adapters (adapter_id)",
    "CREATE INDEX reply_adapters_by_turn ON reply_adapters (chosen_by)",
)
_EXCEPTED_TURNS = ("ALTER TABLE turns ADD COLUMN learnable INTEGER NOT NULL DEFAULT 1",)
_MADE_AT = (
    "ALTER TABLE rebuilds ADD COLUMN made_at TEXT NOT NULL DEFAULT ''",
    "UPDATE rebuilds SET made_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')",
)
# Outlives its conversation, like its ordinal: the chat may go on when all of it was forgotten.
_UNRECORDED = ("CREATE TABLE unrecorded (conversation_key BLOB PRIMARY KEY) STRICT",)
_ASKED_STACK = ("ALTER TABLE verdicts ADD COLUMN stack TEXT NOT NULL DEFAULT ''",)
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (*_CONVERSATIONS, *_LEARNING, *_WORK, *_FORGETTING),
    _JOBS_AS_DATA,
    (*_ROLLUPS, *_REBUILDS),
    _ORDER,
    _REPLIES,
    _EXCEPTED_TURNS,
    _MADE_AT,
    _UNRECORDED,
    _ASKED_STACK,
)
"""Migration n (from 1) brings a journal from format n - 1 to n. A released migration is never changed."""
