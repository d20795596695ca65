"""Work that runs beside everything else."""
