"""One module or folder for each part of the platform."""
