"""Jobs in containers: the runner, its images and mounts, and what died runners have left."""
