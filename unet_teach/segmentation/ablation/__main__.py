"""Runs the ablation study: `python -m unet_teach.segmentation.ablation --seeds 0 1 2`."""

from unet_teach.segmentation.ablation.study import main

main()
