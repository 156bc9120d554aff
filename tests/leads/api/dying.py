"""The product's web application, which can be told to die between the commit and the answer."""

import os

from config.wsgi import application as product


def application(environ, start_response):
    """The product's answer; with the header X-Die the process is gone before a byte of it leaves."""
    answer = product(environ, start_response)
    if environ.get("HTTP_X_DIE"):
        os._exit(9)
    return answer
