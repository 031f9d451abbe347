"""Calls each function of CPython's three memory domains with sizes of its own: NAME SIZE ADDRESS."""

import ctypes

api = ctypes.pythonapi
size = 40_009
for domain, prefix in [("raw", "PyMem_Raw"), ("mem", "PyMem_"), ("obj", "PyObject_")]:
    def function(name, *types):
        found = getattr(api, prefix + name)
        found.restype = ctypes.c_void_p
        found.argtypes = types
        return found

    word = ctypes.c_size_t
    malloc, calloc = function("Malloc", word), function("Calloc", word, word)
    realloc, free = function("Realloc", ctypes.c_void_p, word), function("Free", ctypes.c_void_p)
    block = malloc(size)
    print(domain + ".malloc", size, hex(block))
    block = realloc(block, size + 1)
    print(domain + ".realloc", size + 1, hex(block))
    free(block)
    block = calloc(7, size + 2)
    print(domain + ".calloc", 7 * (size + 2), hex(block))
    free(block)
    block = realloc(None, size + 3)
    print(domain + ".realloc", size + 3, hex(block))
    free(block)
    free(None)
    assert malloc(2**63 - 1) is None
    size += 20
