"""What makes a post, a stake or a registration one of its kind."""

import re
import secrets
import time

LIFE_SECONDS = 540
"""How long a new salt can be paid with: a minute less than the API takes, for clocks that are ahead."""


def create_salt(now: float | None = None) -> str:
    """
    32 bytes for one post, stake or registration. The first eight are the second at which its signature ends, nine minutes from
    now; the others are random. So the salt and the terms are all that is signed: who signs them again signs the same, which the
    chain takes once. `now` is in seconds since 1970; the clock's if it is None.
    """
    end = int(time.time() if now is None else now) + LIFE_SECONDS
    return f"0x{end:016x}{secrets.token_hex(24)}"


def end_of_salt(salt: str) -> int:
    """The second at which the signature with the salt ends. Raises ValueError if it is no salt of `create_salt`."""
    end = int(salt[2:18], 16) if re.fullmatch(r"0x[0-9a-fA-F]{64}", salt) else 0
    # The years 2001 to 5138.
    if not 10**9 <= end < 10**11:
        raise ValueError(
            f"the salt {salt} is none: it has 32 bytes, of which the first eight are a time. Make one with create_salt()"
        )
    return end
