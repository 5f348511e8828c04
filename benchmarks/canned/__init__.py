"""The four vendors as a stub that answers at once: what their SDKs need to hear of an order, and no more.

It checks nothing and keeps no books (``sandbox`` does); an answer costs it a fraction of what reading it costs the SDK.
"""
