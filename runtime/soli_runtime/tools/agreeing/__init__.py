"""Parts of an app that have to agree with each other, though nothing but a text connects them."""
