"""Files of a format that was made up for this template, and is not meant to keep a secret:

    "SEAL/1\\n", a nonce of 16 bytes, a tag of 32 bytes, the ciphertext

The tag is HMAC-SHA256 of nonce and ciphertext under the key. The ciphertext is the text
XOR a stream of HMAC-SHA256(key, nonce + n), n = 0, 1, 2, ... as 8 bytes, big-endian.
"""

import base64
import hmac
import sys

sys.dont_write_bytecode = True  # __pycache__ would count as a part of the plugin

import exhibit_sdk as sdk  # noqa: E402

# The first bytes. plugin.json has the same, so that nothing else is given to the plugin.
MAGIC = b"SEAL/1\n"
NONCE, TAG = 16, 32
BODY = len(MAGIC) + NONCE + TAG
CHUNK = 256 << 10  # a multiple of the stream's 32 bytes


def decrypt(job):
    """Tries the keys that were handed over. No byte is written before a key has proved
    itself: with a wrong key the input is refused, and there is no output."""
    sealed = job.input
    head = sealed.read(0, BODY)
    if len(head) < BODY or not head.startswith(MAGIC):
        raise sdk.Refused("the head is not whole, or it is another format")
    nonce, tag = head[len(MAGIC) : len(MAGIC) + NONCE], head[len(MAGIC) + NONCE :]
    for key in job.keys:
        value = base64.b64decode(key["value"])
        if not hmac.compare_digest(seal(sealed, value, nonce), tag):
            continue
        value = job.key(key)  # it decides the output: the run's name says so
        # No name: it is the same thing under the same path, decrypted.
        with job.artifact(steps=[{"do": "decrypt", "cipher": "hmac-sha256-stream", "offset": BODY}]) as out:
            for at in range(BODY, sealed.size, CHUNK):
                out.write(opened(sealed.read(at, CHUNK), value, nonce, (at - BODY) // 32))
        return
    raise sdk.Refused("wrong or missing key: none of %d opens it, or the file is damaged" % len(job.keys))


def seal(sealed, key, nonce):
    mac = hmac.new(key, nonce, "sha256")
    for at in range(BODY, sealed.size, CHUNK):
        mac.update(sealed.read(at, CHUNK))
    return mac.digest()


def opened(part, key, nonce, n):
    stream = b"".join(hmac.digest(key, nonce + (n + i).to_bytes(8, "big"), "sha256") for i in range(-(-len(part) // 32)))
    return (int.from_bytes(part, "big") ^ int.from_bytes(stream[: len(part)], "big")).to_bytes(len(part), "big")


sdk.main(decrypt=decrypt)
