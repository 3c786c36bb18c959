DROP TABLE stock_movements;
DROP FUNCTION stock_movements_only_grow();
DROP TABLE reservation_lines;
DROP TABLE reservations;
DROP TABLE stock_levels;
DROP TABLE stock_locations;
