"""The exercises of lesson 7, Is it a U-Net?"""
