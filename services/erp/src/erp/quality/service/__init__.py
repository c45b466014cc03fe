"""Acts on cases, and complaints."""
