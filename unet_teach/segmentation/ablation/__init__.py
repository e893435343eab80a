"""The ablation study: variants of the U-Net, the results in the package, and their figures."""

from unet_teach.segmentation.ablation.permutation import p_value as p_value
from unet_teach.segmentation.ablation.results import RESULTS as RESULTS
from unet_teach.segmentation.ablation.results import Run as Run
from unet_teach.segmentation.ablation.results import machine as machine
from unet_teach.segmentation.ablation.results import results as results
from unet_teach.segmentation.ablation.study import DATA as DATA
from unet_teach.segmentation.ablation.study import NETWORK as NETWORK
from unet_teach.segmentation.ablation.study import RECIPES as RECIPES
from unet_teach.segmentation.ablation.study import VARIANTS as VARIANTS
from unet_teach.segmentation.ablation.study import figure as figure
from unet_teach.segmentation.ablation.study import measure as measure
from unet_teach.segmentation.ablation.study import prediction_figure as prediction_figure
from unet_teach.segmentation.ablation.study import table as table
