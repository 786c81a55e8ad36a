"""Currencies: the ISO 4217 codes that some country uses.

A country that joins the euro leaves its old code behind; an object that has it then reads ``EUR``.
"""

from __future__ import annotations

__all__ = ["CODES", "DEFAULT_CODE", "currency_code"]

DEFAULT_CODE = "EUR"

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
CDF CHF CLP CNY COP CRC CSD CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MWK MXN MYR MZN NAD NGN NIO
NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE
SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV
WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""

CODES = frozenset(_CODES.split())


def currency_code(text: str) -> str:
    """The code in upper case; ``EUR`` when it is none that is in use."""
    code = text.upper()
    return code if code in CODES else DEFAULT_CODE
