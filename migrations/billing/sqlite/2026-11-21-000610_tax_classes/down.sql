DROP TABLE tax_class_rules;
