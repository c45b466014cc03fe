"""What deals of the past say: conversion, win rates, reasons, time, and follow-ups.

Everything is counted over the deals that the list would show; every share has its n and a
confidence interval, and every figure names the list behind it where there is one.
"""
