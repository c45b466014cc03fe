"""What every service serves: its application, and the routes that all services have."""
