"""Makes one Python function of each Soli function, when it is first called."""
