"""`python -m api.secrets rotate-key`: every secret is wrapped by a new key. For the one who has the file of keys.

In: CULM_HOME, CULM_SHARED, CULM_SECRETS_KEYS as the API has them. Out: the new key first in the file, the old ones out of it once
nothing is wrapped by them; APIs need no restart. What could not be read is named by its place, and then the old keys stay and the
exit code is 1.
"""

import os
import sys

from api.config import ApiConfig
from api.secrets.store import SecretStore
from api.shared.directory import DirectoryStore
from api.shared.store import SharedKind
from identity.secret_keys import SecretKeys, SecretKeysRefused, add_key, drop_keys, read_keys


def main() -> int:
    """The exit code."""
    if sys.argv[1:] != ["rotate-key"]:
        sys.stderr.write("expected: python -m api.secrets rotate-key\n")
        return 2
    config = ApiConfig.from_environ(os.environ)
    path = config.secrets_keys_file
    try:
        before = set(read_keys(path))
        name = add_key(path)
    except (SecretKeysRefused, OSError) as problem:
        sys.stderr.write(f"the keys were not changed: {problem}\n")
        return 1
    store = SecretStore(DirectoryStore(config.shared).space(SharedKind.SECRETS), SecretKeys(path))
    done = list(store.rotate())
    failed = [(place, why) for place, why in done if why != "wrapped"]
    sys.stdout.write(f"{len(done) - len(failed)} secrets are wrapped by key {name}\n")
    for place, why in failed:
        sys.stderr.write(f"{place}: {why}\n")
    if failed:
        sys.stderr.write(f"{len(failed)} secrets could not be read; the old keys stay in {path}\n")
        return 1
    if not list(store.rotate()):
        drop_keys(path, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
