"""cloudpack's importer: loads the modules of a built function from packs, folders, mounts and S3.

Nothing is imported here on purpose: the boot module asks for what it needs (see start.py).
"""
