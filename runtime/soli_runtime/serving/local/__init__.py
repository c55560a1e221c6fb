"""An app that is served to clients within this process: those of spec files, and of the prompt."""
