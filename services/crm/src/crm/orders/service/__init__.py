"""Acts on orders: placing, changing, cancelling, and storing what the ERP sends."""
