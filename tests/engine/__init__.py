"""The engine with its real parts: a store on disk, a runner, processes."""
