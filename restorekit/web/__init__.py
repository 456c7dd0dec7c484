"""A page in the browser that restores pictures: `restorekit serve`."""
