"""Blocks that are no objects and hold the addresses of types that are gone.

A type's memory mostly stays as it was for a while. Here two things have changed that something else
may change: where the dictionary is, and how many refer to the type.
"""
import array
import ctypes
import gc

REFERENCES, DICTIONARY = 0, 264
NOWHERE = 0x10_0000_0008


def make():
    def method(self):
        return self

    return type("Gone", (), {"method": method, **{f"attribute_{number}": number for number in range(30)}})


kept = [None] * 400
types = [make() for _ in kept]
addresses = [id(one) for one in types]
del types[:]
gc.collect()
for number, address in enumerate(addresses):
    word = ctypes.c_size_t.from_address
    word(address + REFERENCES).value = number % 2 * 5
    word(address + DICTIONARY).value = NOWHERE
    kept[number] = array.array("Q", [0, address] * 3)
print("alive")
