"""What becomes of goods that do not conform: cases, dispositions, corrective actions, complaints.

Above everything that moves goods: dispositions scrap, send back and use them by the acts there are.
"""
