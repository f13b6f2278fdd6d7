"""REST under /api/v1/: views translate in, make one call, translate out."""
