"""One file for each KIE model: data alone."""
