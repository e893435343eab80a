"""Networks: the course's U-Net, the document's own, and those that students judge."""

from unet_teach.networks.unet import Decoder as Decoder
from unet_teach.networks.unet import Down as Down
from unet_teach.networks.unet import Padding as Padding
from unet_teach.networks.unet import Skip as Skip
from unet_teach.networks.unet import UNet as UNet
from unet_teach.networks.unet import Up as Up
from unet_teach.networks.unet import double_conv as double_conv
