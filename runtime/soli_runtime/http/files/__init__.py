"""Files over HTTP: those of an app below `public/`, and our own below `/_soli/`."""
