"""`restorekit prepare …`: a module for each."""
