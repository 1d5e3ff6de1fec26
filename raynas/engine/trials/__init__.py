"""What runs in the workers: trials, alone or as a team, each as if its worker were new."""
