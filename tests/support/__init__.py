"""What several tests need: servers and builders."""
