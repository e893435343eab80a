"""The exercises of lesson 0, How do you know if it's a U-Net?"""
