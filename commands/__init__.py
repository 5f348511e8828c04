"""The verbs of the ``crossdock`` command: each module has ``add_arguments(parser)`` and ``run(arguments)``, the exit code."""
