import tinylib.pipe, tinylib.dangling, tinylib.folder, tinylib.s
def double(n):
    return 2 * n
