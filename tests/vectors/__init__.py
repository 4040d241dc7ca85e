"""Golden vectors of KSP/1 for any implementation in any language: bytes in hexadecimal, in JSON.

`make.py` writes the files beside it from the tables in `cases_*.py`, always the same to the byte;
`public/` holds examples that others have published. Errors are named by the stable codes of
`kscoin.errors`.
"""
