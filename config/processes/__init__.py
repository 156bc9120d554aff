"""The launcher behind ./dev: starts a database, a broker and the product, watches them, stops them.

Standard library only, so that it runs on any tree and fails in plain words. Nothing here knows the product.
"""
